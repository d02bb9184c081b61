/** Starts the agent inside the sandbox: connects the link and serves it until it ends. The protocol never travels on the terminal. */
import { connect } from "node:net";
import { Readable, Writable } from "node:stream";
import { ndJsonStream } from "@agentclientprotocol/sdk";
import { createAgent } from "./connection.ts";

// Process 1 carries it to the app's socket and says who we are; nothing of ours inside knows how.
const given = process.env["BULKHEAD_LINK"];
const socket = given === undefined ? connect(Number(process.env["BULKHEAD_LINK_PORT"] ?? 3130), "127.0.0.1") : connect(given);
// On macOS loopback is everybody's: the port asks for this launch's token first.
if (process.env["BULKHEAD_LINK_TOKEN"] !== undefined) socket.write(`${process.env["BULKHEAD_LINK_TOKEN"]}\n`);
socket.setNoDelay(true);
socket.once("error", (error) => {
  process.stderr.write(`The link to the app could not be opened: ${error.message}\n`);
  process.exit(1);
});
socket.once("close", () => process.exit(0));
socket.once("connect", () => {
  // The SDKs warn on the console; the terminal belongs to the commands that run.
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  const modelUrl = process.env["BULKHEAD_MODEL_URL"] ?? "http://127.0.0.1:3129/v1";
  const app = createAgent({ modelUrl, directory: process.cwd() });
  app.connect(ndJsonStream(Writable.toWeb(socket) as WritableStream<Uint8Array>, Readable.toWeb(socket) as ReadableStream<Uint8Array>, { maxMessageBytes: 8 << 20 }));
});
