// Waiting for another process.

import { setTimeout as after } from "node:timers/promises";

/** How long anything may take, in milliseconds: a lease that is over, a slow machine. */
const PATIENCE = 90_000;

const LOOK = 25;

/** What `check` gives once it is true. `what` it is, for whoever reads that it was not in time. */
export async function until(what, check) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > end) throw new Error(`not in time: ${what}`);
    await after(LOOK);
  }
}
