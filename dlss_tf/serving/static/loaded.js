// The numbers of results' images: fetched when they are first looked at, and kept while there is room for them.

import { numbers } from "./api.js";
import { planes } from "./plane.js";

const MOST_BYTES = 600e6;

const kept = new Map(); // the last used last

/** The planes of one of a result's images: one, or those of a stack. */
export function load(result, what) {
  const name = `${result.id}/${what}`;
  const entry = kept.get(name) || { bytes: 0, planes: fetched(result, what, name) };
  kept.delete(name);
  kept.set(name, entry);
  return entry.planes;
}

async function fetched(result, what, name) {
  try {
    const { values, shape } = await numbers(result.id, what);
    makeRoom(name, values.byteLength);
    return planes(values, shape);
  } catch (error) {
    kept.delete(name);
    throw error;
  }
}

function makeRoom(name, bytes) {
  const entry = kept.get(name);
  if (entry) entry.bytes = bytes;
  let all = 0;
  for (const each of kept.values()) all += each.bytes;
  for (const [each, { bytes: more }] of kept) {
    if (all <= MOST_BYTES || each === name) break;
    kept.delete(each);
    all -= more;
  }
}

/** Those of a result that is not to be seen again. */
export function forget(result) {
  for (const name of [...kept.keys()]) {
    if (name.startsWith(`${result.id}/`)) kept.delete(name);
  }
}
