// Asking the gateway, as the operator of the session.

import { say } from "./said.js";

async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/v1/operator/${path}`, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error(say("error.offline"));
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  if (answer.status === 401) throw new Error(say("error.over"));
  const problem = await answer.json().catch(() => ({}));
  throw new Error([problem.detail ?? say("error.ours", { status: answer.status }), problem.way_out].filter(Boolean).join(" "));
}

/** `query` is an object; what is empty is left out. */
export function get(path, query = {}) {
  const named = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return ask("GET", named.length ? `${path}?${new URLSearchParams(named)}` : path);
}

export const retry = which => ask("POST", "dead-letters/retry", which);
export const logOut = () => ask("DELETE", "session");

let names;
/** The tenants and events there are, asked for once. */
export const namesThere = () => (names ??= get("names").catch(error => {
  names = undefined;
  throw error;
}));
