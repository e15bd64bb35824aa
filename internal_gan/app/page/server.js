// What the page asks the server.

const HEADERS = { "X-Internal-Gan": "1" };

// The open photo, as the server tells; null on the home page.
export const state = { photo: null };

export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: HEADERS });
  } catch {
    throw new Error("The server does not answer. Is internal-gan app still running?");
  }
  if (!answer.ok) throw new Error((await answer.text()) || `The server answered with status ${answer.status}.`);
  return answer.json();
}

export function tellRun(run, what, body = {}) {
  return ask(`/runs/${run}/${what}`, { method: "POST", body: JSON.stringify(body) });
}

// Starts a task on the open photo; asks first if its result would be very large.
export async function start(task, options, { run = null, model = null, look = null } = {}) {
  const path = `/photos/${state.photo.photo}/runs`;
  const send = (given) => ask(path, { method: "POST", body: JSON.stringify({ task, options: given, run, model, look }) });
  try {
    return await send(options);
  } catch (error) {
    if (!mustBeConfirmed(error.message) || look) throw error;
    if (!window.confirm(`${unconfirmed(error.message)}. Go on?`)) return null;
    return send({ ...options, confirm: "large" });
  }
}

// Whether an error says that a result would be very large.
export function mustBeConfirmed(error) {
  return error.includes("confirm=large");
}

// Such an error without what to do on the command line.
export function unconfirmed(error) {
  return error.replace(/;? *[^;]*confirm=large.*/, "");
}

export async function upload(blob, kind) {
  const path = `/photos/${state.photo.photo}/drawings?kind=${kind}`;
  return (await ask(path, { method: "POST", body: blob })).drawing;
}

function modelsFor(task) {
  return state.photo.runs.filter((run) => run.can.includes(task));
}

// The newest trained model that can do a task.
export function model(task) {
  const found = modelsFor(task).find((run) => run.state === "finished");
  return found ? found.run : null;
}

export function trainingFor(task) {
  return modelsFor(task).find((run) => ["running", "waiting"].includes(run.state));
}
