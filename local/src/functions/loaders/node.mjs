// Runs a handler written in JavaScript, as AWS's runtime does: calls come by the Runtime API, one after another.
//
// Forms of errors, of the context and of log lines are those of AWS's own
// (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client).
import { existsSync } from "node:fs";
import http from "node:http";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const { env } = process;
const ROOT = env.LAMBDA_TASK_ROOT;
const JSON_LOG = env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const LOWEST = JSON_LOG ? Math.max(LEVELS.indexOf(env.AWS_LAMBDA_LOG_LEVEL ?? "INFO"), 0) : 0;
// What AWS's runtime has and Node alone has not.
const OF_THE_RUNTIME = /'(@aws-sdk\/[^']+|@smithy\/[^']+)'/;
const [HOST, PORT] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let current = null;

function ask(method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { host: HOST, port: PORT, method, path: `/2018-06-01/runtime/${path}`, agent, headers };
    if (body !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
    const request = http.request(options, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(parts) }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function write(level, parts) {
  if (LEVELS.indexOf(level) < LOWEST) return;
  const at = new Date().toISOString();
  if (!JSON_LOG) {
    process.stdout.write(`${at}\t${current ?? "undefined"}\t${level}\t${format(...parts)}\n`);
    return;
  }
  const line = { timestamp: at, level, ...(current ? { requestId: current } : {}) };
  const [first] = parts;
  line.message = parts.length === 1 && first !== null && typeof first === "object" && !(first instanceof Error) ? first : format(...parts);
  const error = parts.find((part) => part instanceof Error);
  if (error) Object.assign(line, { errorType: error.name, errorMessage: error.message, stackTrace: (error.stack ?? "").split("\n") });
  let text;
  try {
    text = JSON.stringify(line);
  } catch {
    text = JSON.stringify({ ...line, message: format(...parts) });
  }
  process.stdout.write(`${text}\n`);
}

for (const [name, level] of Object.entries({ log: "INFO", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR", trace: "TRACE" })) {
  console[name] = (...parts) => write(level, parts);
}
console.fatal = (...parts) => write("FATAL", parts);

// An error as Lambda answers it; this program's own frames, which have no file, are left out.
function shown(error, kind) {
  if (!(error instanceof Error)) return { errorType: kind ?? typeof error, errorMessage: String(error), trace: [] };
  const trace = (error.stack ?? "").split("\n").filter((line) => !/\[eval\d*\]/.test(line));
  return { errorType: kind ?? error.name ?? "Error", errorMessage: error.message, trace };
}

async function fail(path, document) {
  const line = JSON.stringify(document);
  write("ERROR", [JSON_LOG ? document : `${path === "init/error" ? "Uncaught Exception" : "Invoke Error"} \t${line}`]);
  await ask("POST", path, line, { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": document.errorType });
}

class Refused extends Error {
  constructor(kind, message) {
    super(message);
    this.name = kind;
  }
}

async function load(entry) {
  const [folder, last] = [dirname(entry), basename(entry)];
  const dot = last.indexOf(".");
  if (dot < 1 || dot === last.length - 1) throw new Refused("Runtime.MalformedHandlerName", "Bad handler");
  const [file, name] = [last.slice(0, dot), last.slice(dot + 1)];
  const path = ["", ".js", ".mjs", ".cjs"].map((end) => join(ROOT, folder, file + end)).find((one) => existsSync(one));
  if (!path) throw new Refused("Runtime.ImportModuleError", `Error: Cannot find module '${join(folder, file)}'`);
  let loaded;
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (error) {
    const missing = OF_THE_RUNTIME.exec(error?.message ?? "");
    if (missing) write("ERROR", [`AWS's runtime brings ${missing[1]}, and Node alone does not: \`npm install ${missing[1]}\` in the handler's folder`]);
    if (error instanceof SyntaxError) throw new Refused("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    if (["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(error?.code)) {
      throw new Refused("Runtime.ImportModuleError", `Error: ${error.message}`);
    }
    throw error;
  }
  // A CommonJS module is what it exports as a whole; its single exports are not always seen.
  const within = (from) => name.split(".").reduce((value, key) => value?.[key], from);
  const handler = within(loaded) ?? within(loaded.default);
  if (handler === undefined) throw new Refused("Runtime.HandlerNotFound", `${entry} is undefined or not exported`);
  if (typeof handler !== "function") throw new Refused("Runtime.HandlerNotFound", `${entry} is not a function`);
  if (handler.length >= 3 && Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV ?? "")?.[1]) >= 24) {
    throw new Refused("Runtime.CallbackHandlerDeprecated", "From Node.js 24 on, Lambda takes no handlers with callbacks: make it an async function");
  }
  return handler;
}

// Calls the handler: it may return a promise, or use its callback or the old methods of the context.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let done = false;
    const deadline = Number(headers["lambda-runtime-deadline-ms"]);
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
      awsRequestId: headers["lambda-runtime-aws-request-id"],
      invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
      getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
      succeed: (answer) => callback(null, answer),
      fail: (error) => callback(error ?? "handled"),
      done: (error, answer) => callback(error, answer),
    };
    const settle = (act) => {
      process.removeListener("beforeExit", empty);
      act();
    };
    // Nothing is left that could call the callback: the answer is `null`.
    const empty = () => settle(() => resolve(null));
    const callback = (error, answer) => {
      if (done) return;
      done = true;
      const act = () => (error !== undefined && error !== null ? reject(error) : resolve(answer));
      process.removeListener("beforeExit", empty);
      if (context.callbackWaitsForEmptyEventLoop && !error) process.once("beforeExit", act);
      else setImmediate(act);
    };
    process.once("beforeExit", empty);
    let answer;
    try {
      answer = handler(event, context, callback);
    } catch (error) {
      settle(() => reject(error));
      return;
    }
    if (typeof answer?.then === "function") {
      // A promise decides alone; what ends the loop before it does is the process's end, as on Lambda.
      process.removeListener("beforeExit", empty);
      answer.then(resolve, reject);
    }
  });
}

async function end(error, kind, code) {
  const path = current ? `invocation/${current}/error` : "init/error";
  await fail(path, shown(error, kind)).catch(() => {});
  process.exit(code);
}
process.on("uncaughtException", (error) => end(error, undefined, 129));
process.on("unhandledRejection", (reason) => {
  const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
  end(Object.assign(new Error(text), { stack: reason?.stack }), "Runtime.UnhandledPromiseRejection", 128);
});

let handler;
try {
  handler = await load(env._HANDLER);
} catch (error) {
  await fail("init/error", shown(error));
  process.exit(1);
}
for (;;) {
  const { headers, body } = await ask("GET", "invocation/next");
  current = headers["lambda-runtime-aws-request-id"];
  env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  const path = `invocation/${current}`;
  try {
    const answer = await run(handler, JSON.parse(body.toString()), headers);
    const text = JSON.stringify(answer === undefined ? null : answer) ?? "null";
    await ask("POST", `${path}/response`, text, { "Content-Type": "application/json" });
  } catch (error) {
    await fail(`${path}/error`, shown(error));
  }
  current = null;
}
