// Asks the gateway for one person: by a token of the application's, or by the session's cookie.

const PATIENCE = 15_000;
// Before the token's end, so that none dies on its way.
const EARLY = 30_000;

/** The gateway answers, and the answer is no. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `The gateway answers ${status}.`);
    this.status = status;
    this.remedy = problem?.remedy;
  }
}

/** Nobody answers, or nobody who could: worth another try. */
export class Away extends Error {}

const AWAY = new Set([408, 425, 429, 500, 502, 503, 504]);

export class Gateway {
  #token = null;
  #claims = null;
  #asking = null;

  /** `address` ends with a slash; `tokenUrl` is null where the cookie lets people in. */
  constructor(address, tokenUrl) {
    this.address = address;
    this.tokenUrl = tokenUrl;
  }

  /** JSON, or null for an answer without any. Throws Refused or Away. */
  async ask(method, path, body) {
    const answer = await this.#send(method, path, {
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    return answer.status === 204 ? null : answer.json();
  }

  /** An answer that goes on until the signal says. */
  open(path, signal) {
    return this.#send("GET", path, { signal });
  }

  /** The application's token, or null where the cookie does. Throws Refused or Away. */
  async token() {
    if (!this.tokenUrl) return null;
    if (this.#token && this.#claims.exp * 1000 - EARLY > Date.now()) return this.#token;
    this.#asking ??= this.#fetchToken().finally(() => { this.#asking = null; });
    return this.#asking;
  }

  /** Whom the token names, as text to compare; null where the cookie does. */
  get subject() {
    return this.#claims && JSON.stringify([this.#claims.tenant ?? "default", this.#claims.sub]);
  }

  forget() {
    this.#token = null;
    this.#claims = null;
  }

  async #send(method, path, options, isAgain = false) {
    const token = await this.token();
    const headers = { ...options.headers };
    if (token) headers.Authorization = `Bearer ${token}`;
    const answer = await reach(new URL(path, this.address), {
      ...options, method, headers, cache: "no-store", credentials: token ? "omit" : "include",
    });
    if (answer.ok) return answer;
    if (answer.status === 401 && token && !isAgain) {
      // The application may have changed its mind, or its secret.
      this.#token = null;
      return this.#send(method, path, options, true);
    }
    throw await failure(answer);
  }

  async #fetchToken() {
    const answer = await reach(this.tokenUrl, {
      cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE),
    });
    if (AWAY.has(answer.status)) throw new Away(`${this.tokenUrl} answers ${answer.status}.`);
    const said = answer.ok ? await answer.json().catch(() => null) : null;
    if (typeof said?.token !== "string") {
      this.forget();
      throw new Refused(401, { detail: `${this.tokenUrl} answers ${answer.status} without {"token": …}.` });
    }
    this.#token = said.token;
    this.#claims = claimsOf(said.token);
    return this.#token;
  }
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    throw new Away(error.message, { cause: error });
  }
}

async function failure(answer) {
  if (AWAY.has(answer.status)) return new Away(`The gateway answers ${answer.status}.`);
  return new Refused(answer.status, await answer.json().catch(() => null));
}

// Read, not believed: the gateway does the verifying.
function claimsOf(token) {
  try {
    const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(body), (c) => c.charCodeAt(0))));
  } catch {
    return { exp: 0 };
  }
}
