// What the server is asked: JSON, numbers, files, events, uploads. Addresses are relative, for a proxy may put the page
// into a folder. Errors are a Refusal with the server's sentence; where a token is needed the user is asked for it.

import { ask, authorization } from "./token.js";

export class Refusal extends Error {
  /** `after`: seconds after which the same may be asked again; null if it is of no use. */
  constructor(sentence, status = 0, after = null) {
    super(sentence);
    this.status = status;
    this.after = after;
  }
}

const GONE = "the server does not answer";

/** The answer to a request that went well. */
export async function answered(path, options = {}) {
  for (;;) {
    const shown = authorization();
    let response;
    try {
      response = await fetch(path, { ...options, headers: { ...options.headers, ...shown } });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refusal(GONE);
    }
    if (response.ok) return response;
    if (response.status === 401 && (await ask(shown))) continue;
    throw refusal(response.status, await response.text(), response.headers.get("Retry-After"));
  }
}

export async function json(path, options) {
  return (await answered(path, options)).json();
}

/** One of a result's images: its numbers, and the shape they have. */
export async function numbers(id, what, signal) {
  const path = `api/results/${encodeURIComponent(id)}/${what}?format=raw&depth=float32`;
  const response = await answered(path, { signal });
  const shape = response.headers.get("Dlss-Shape").split(",").map(Number);
  try {
    return { values: new Float32Array(await response.arrayBuffer()), shape };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(`${what}: expected all of it, found its end`);
  }
}

/** A file, and the name that the server gives it. */
export async function file(path) {
  const response = await answered(path);
  const told = response.headers.get("Content-Disposition") || "";
  const [, name] = told.match(/filename="([^"]+)"/) || [null, "image"];
  return { blob: await response.blob(), name };
}

/** The values of a stream of server-sent events, as they come. */
export async function* events(path, signal) {
  const response = await answered(path, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data:"));
      if (data.length) yield JSON.parse(data.map((line) => line.slice(5)).join("\n"));
    }
  }
}

/** What the server answers to a file; `onSent` is told the share that is sent. */
export async function send(path, body, onSent, signal) {
  for (;;) {
    const shown = authorization();
    const { status, text, after } = await upload(path, body, shown, onSent, signal);
    if (status >= 200 && status < 300) return JSON.parse(text);
    if (status === 401 && (await ask(shown))) continue;
    throw refusal(status, text, after);
  }
}

// `fetch` does not tell how much has been sent.
function upload(path, body, headers, onSent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("POST", path);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onSent(event.total ? event.loaded / event.total : 1);
    request.upload.onload = () => onSent(1);
    request.onload = () =>
      resolve({ status: request.status, text: request.responseText, after: request.getResponseHeader("Retry-After") });
    request.onerror = () => reject(new Refusal(GONE));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    request.send(body);
  });
}

function refusal(status, text, after) {
  let sentence = `the server answers with status ${status}`;
  try {
    sentence = JSON.parse(text).error || sentence;
  } catch {
    // a proxy's answer, which is no JSON
  }
  return new Refusal(sentence, status, status === 429 || status === 503 ? Number(after) || 5 : null);
}
