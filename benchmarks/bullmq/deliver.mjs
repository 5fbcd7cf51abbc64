// Delivers webhooks with BullMQ: each job is enqueued, sent by one POST on a kept connection, and
// completed. Prints "ready", waits for a line, does it all, prints one line of JSON with the times,
// and ends when its standard input does.
//
//   node deliver.mjs REDIS_SOCKET RECEIVER_URL EVENTS CONCURRENCY PROCESSES
//
// The first process enqueues; the workers run in it, or, with more than one, in processes of their
// own. A small queue of the same kind is run first, so that code is compiled and connections are
// open.
import cluster from "node:cluster";
import { createInterface } from "node:readline";
import { Queue, Worker } from "bullmq";
import IORedis from "ioredis";
import { Pool } from "undici";

const [socket, receiver, events, concurrency, processes] = process.argv.slice(2);
const QUEUE = "webhooks";
const SUBMITTERS = 256;
const WARM_UP = 3000;
const REPORT_MS = 10;

function redis() {
  return new IORedis({ path: socket, maxRetriesPerRequest: null });
}

// Calls back with how many jobs were completed since the last call.
function startWorker(onCompleted) {
  const url = new URL(receiver);
  const pool = new Pool(url.origin, { connections: Number(concurrency), pipelining: 1 });
  const worker = new Worker(
    QUEUE,
    async (job) => {
      const { statusCode, body } = await pool.request({
        method: "POST",
        path: url.pathname,
        headers: { "content-type": "application/json", "webhook-id": job.id },
        body: JSON.stringify(job.data),
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    },
    {
      connection: redis(),
      concurrency: Number(concurrency),
      removeOnComplete: { count: 0 },
      autorun: false,
    },
  );
  worker.on("completed", () => onCompleted(1));
  worker.on("failed", (job, error) => {
    console.error(`job ${job?.id} failed: ${error.message}`);
    process.exit(1);
  });
  return worker;
}

// Each event is acknowledged by itself, as it is to whoever sent it; many are on their way at once.
async function enqueue(queue, count) {
  const text = "t".repeat(236);
  let next = 0;
  const submit = async () => {
    while (next < count) await queue.add("webhook", { n: next++, text });
  };
  await Promise.all(Array.from({ length: SUBMITTERS }, submit));
}

// Workers of this process or of others, alike: start(), stop() and the completions they report.
function makeWorkers(onCompleted) {
  if (Number(processes) === 1) {
    const worker = startWorker(onCompleted);
    return {
      start: () => void worker.run(),
      pause: () => worker.pause(),
      resume: () => worker.resume(),
    };
  }
  const children = Array.from({ length: Number(processes) }, () => cluster.fork());
  for (const child of children) child.on("message", (count) => onCompleted(count));
  cluster.on("exit", () => process.exit(1));
  const tell = (what) => children.forEach((child) => child.send(what));
  return { start: () => tell("start"), pause: () => tell("pause"), resume: () => tell("resume") };
}

function runChild() {
  let completed = 0;
  const worker = startWorker(() => ++completed);
  setInterval(() => {
    if (completed > 0) process.send(completed);
    completed = 0;
  }, REPORT_MS);
  process.on("message", (what) => {
    if (what === "start") void worker.run();
    if (what === "pause") void worker.pause();
    if (what === "resume") worker.resume();
  });
}

async function run() {
  const queue = new Queue(QUEUE, { connection: redis() });
  let left = 0;
  let done = () => {};
  const workers = makeWorkers((count) => {
    left -= count;
    if (left === 0) done();
  });
  const drained = (count) => {
    left = count;
    return new Promise((resolve) => (done = resolve));
  };

  let all = drained(WARM_UP);
  await enqueue(queue, WARM_UP);
  workers.start();
  await all;
  await workers.pause();

  const input = createInterface({ input: process.stdin });
  input.on("close", () => process.exit(0));
  const go = new Promise((resolve) => input.once("line", resolve));
  console.log("ready");
  await go;
  all = drained(Number(events));
  const begun = process.hrtime.bigint();
  await enqueue(queue, Number(events));
  const filled = process.hrtime.bigint();
  workers.resume();
  await all;
  const seconds = (from, to) => Number(to - from) / 1e9;
  console.log(
    JSON.stringify({
      events: Number(events),
      fill_seconds: seconds(begun, filled),
      deliver_seconds: seconds(filled, process.hrtime.bigint()),
    }),
  );
}

if (cluster.isPrimary) {
  await run();
} else {
  runChild();
}
