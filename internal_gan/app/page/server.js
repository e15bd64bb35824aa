// What the page asks the server.

const HEADERS = { "X-Internal-Gan": "1" };

// The open photo, as the server tells; null on the home page.
export const state = { photo: null };

async function answerOf(path, options) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: HEADERS });
  } catch {
    throw new Error("The server does not answer. Is internal-gan app still running?");
  }
  if (!answer.ok) throw new Error((await answer.text()) || `The server answered with status ${answer.status}.`);
  return answer;
}

export async function ask(path, options = {}) {
  return (await answerOf(path, options)).json();
}

// A wish: a task with its options, and the boards drawn for some of them, with what they show, such as
// { "mask.file": [board, "mask"] }. Boards without strokes are left out.
async function drawnFor({ boards = {} }) {
  const drawn = Object.entries(boards).filter(([, [board]]) => !board.isEmpty);
  return Promise.all(drawn.map(async ([option, [board, kind]]) => [option, await board.drawn(), kind]));
}

const TAB = crypto.getRandomValues(new Uint32Array(2)).join("-");
let wishes = 0;

// The address of a wish's preview, until `signal` or the next wish ends it.
export async function previewOf(wish, seed, signal) {
  const body = new FormData();
  body.append("task", wish.task);
  body.append("options", JSON.stringify({ ...wish.options, seed }));
  const path = `/photos/${state.photo.photo}/preview?tab=${TAB}&wish=${(wishes += 1)}`;
  for (const [option, drawn, kind] of await drawnFor(wish)) body.append(option, drawn, kind);
  const answer = await answerOf(path, { method: "POST", body, signal });
  return URL.createObjectURL(await answer.blob());
}

// Starts the task of a wish.
export async function grant(wish, more = {}, how = {}) {
  const options = { ...wish.options, ...more };
  for (const [option, drawn, kind] of await drawnFor(wish)) options[option] = await upload(drawn, kind);
  return start(wish.task, options, how);
}

export function tellRun(run, what, body = {}) {
  return ask(`/runs/${run}/${what}`, { method: "POST", body: JSON.stringify(body) });
}

// Starts a task on the open photo; asks first if its result would be very large.
export async function start(task, options, { run = null, model = null } = {}) {
  const path = `/photos/${state.photo.photo}/runs`;
  const send = (given) => ask(path, { method: "POST", body: JSON.stringify({ task, options: given, run, model }) });
  try {
    return await send(options);
  } catch (error) {
    if (!mustBeConfirmed(error.message)) throw error;
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

async function upload(blob, kind) {
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
