// What a page shows before the gateway has answered, or while it cannot: a few items and the count,
// for one person, in the browser's own storage. Where there is none, nothing is kept.

export class Cache {
  #prefix;

  /** One for each gateway. */
  constructor(address) {
    this.#prefix = `postbell ${address} `;
  }

  /** The profile of who was here last, or null. */
  get person() {
    return read(`${this.#prefix}person`);
  }

  /** What was kept of a person: {unread, items, pending, position, told}. */
  load(person) {
    return read(this.#key(person)) ?? {};
  }

  /** Forgets everybody else. */
  save(person, kept) {
    const key = this.#key(person);
    for (const other of this.#keys()) if (other !== key) remove(other);
    write(`${this.#prefix}person`, person);
    write(key, kept);
  }

  clear() {
    this.#keys().forEach(remove);
  }

  #key(person) {
    return `${this.#prefix}${JSON.stringify([person.tenant_id, person.recipient_id])}`;
  }

  #keys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix));
    } catch {
      return [];
    }
  }
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full, or forbidden: the page works without.
  }
}

function remove(key) {
  localStorage.removeItem(key);
}
