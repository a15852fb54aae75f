// Asking the gateway, as the person of the session or of the mail's link.

import { say, told } from "./said.js";

export async function ask(method, path, body) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (told.token) headers.Authorization = `Link ${told.token}`;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body && JSON.stringify(body),
      // By a mail's link it is that person, whoever is logged in here.
      credentials: told.token ? "omit" : "same-origin",
    });
  } catch {
    throw new Error(say("error.offline"));
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  if (answer.status === 401) throw new Error(say("error.over"));
  const problem = await answer.json().catch(() => ({}));
  if (problem.code === "invalid_quiet_hours") throw new Error(say("error.always_quiet"));
  throw new Error(answer.status < 500 ? say("error.refused", { detail: problem.detail ?? answer.status }) : say("error.ours"));
}

export const readOutlook = () => ask("GET", "/v1/preferences/outlook");
/** What changes would do. */
export const foresee = changes => ask("POST", "/v1/preferences/foresee", { changes });
/** Makes them: what they did, what undoes them, and what holds now. */
export const change = changes => ask("POST", "/v1/preferences/changes", { changes });
