// What the page asks the server.

// The open photo, as the server tells; null on the home page.
export const state = { photo: null };

async function answerOf(path, options) {
  const answer = await fetch(path, { ...options, headers: { "X-Internal-Gan": "1" } }).catch(() => {
    throw new Error("The server does not answer. Is internal-gan app still running?");
  });
  if (!answer.ok) throw await errorOf(answer);
  return answer;
}

// What an answer says is wrong; a user's mistake comes as the fields of UserError (internal_gan/errors.py).
async function errorOf(answer) {
  const text = (await answer.text()) || `The server answered with status ${answer.status}.`;
  if (answer.headers.get("content-type") !== "application/json") return new Error(text);
  const { message, ...fields } = JSON.parse(text);
  return Object.assign(new Error(message), fields);
}

export const ask = async (path, options = {}) => (await answerOf(path, options)).json();
export const send = (path, body) => ask(path, { method: "POST", body });
const here = () => `/photos/${state.photo.photo}`;

// A wish: a task with its options, and the boards drawn for some of them, with what they show, such as
// { "mask.file": [board, "mask"] }. Boards without strokes are left out.
async function drawnFor({ boards = {} }) {
  const drawn = Object.entries(boards).filter(([, [board]]) => !board.isEmpty);
  return Promise.all(drawn.map(async ([option, [board, kind]]) => [option, await board.drawn(), kind]));
}

const TAB = crypto.getRandomValues(new Uint32Array(2)).join("-");
let wishes = 0;
const wished = (what = "preview", tab = TAB) => `${here()}/${what}?tab=${tab}&wish=${(wishes += 1)}`;

// Ends the preview that is being drawn, also when the page closes.
export const endPreview = () => answerOf(wished(), { method: "DELETE", keepalive: true }).catch(() => null);

// The address of a wish's preview, until `signal` or the next wish ends it; without a signal, nothing does.
export async function previewOf(wish, seed, signal) {
  return URL.createObjectURL(await (await asked(wish, seed, signal)).blob());
}

// What the plans for a wish do, in words.
export const plansOf = async (wish, signal) => (await asked(wish, 0, signal, "plans")).json();

async function asked(wish, seed, signal, what = "preview") {
  const body = new FormData();
  body.append("task", wish.task);
  body.append("options", JSON.stringify({ ...wish.options, seed }));
  const path = wished(what, signal ? TAB : `${TAB}-kept`);
  for (const [option, drawn, kind] of await drawnFor(wish)) body.append(option, drawn, kind);
  return answerOf(path, { method: "POST", body, signal });
}

// Starts the task of a wish.
export async function grant(wish, more = {}, how = {}) {
  const options = { ...wish.options, ...more };
  for (const [option, drawn, kind] of await drawnFor(wish)) {
    options[option] = (await send(`${here()}/drawings?kind=${kind}`, drawn)).drawing;
  }
  return start(wish.task, options, how);
}

export const tellRun = (run, what, body = {}) => send(`/runs/${run}/${what}`, JSON.stringify(body));

// Starts a task on the open photo; asks first if its result would be very large.
export async function start(task, options, { run = null, model = null } = {}) {
  const begin = (given) => send(`${here()}/runs`, JSON.stringify({ task, options: given, run, model }));
  try {
    return await begin(options);
  } catch (error) {
    if (!mustBeConfirmed(error)) throw error;
    if (!window.confirm(`${error.problem}. Go on?`)) return null;
    return begin({ ...options, confirm: "large" });
  }
}

// Whether an error says that a result would be very large; its `advice` is for the command line.
export const mustBeConfirmed = (error) => error?.kind === "unconfirmed";

export const busy = (run) => ["running", "waiting"].includes(run.state);

const modelsFor = (task) => state.photo.runs.filter((run) => run.can.includes(task));

// The newest run whose model can do a task.
export const modelFor = (task) => modelsFor(task).find((run) => run.state === "finished");
export const trainingFor = (task) => modelsFor(task).find(busy);
