import { expect, test } from "vitest";
import { startInProcessServer } from "../../test/in-process-server.ts";
import { UnseenWrites } from "./unseen-writes.ts";

test("an owner is waited for until each of its writes is seen or failed", async () => {
  const { environment, settle } = await startInProcessServer();
  const unseen = new UnseenWrites(environment);
  const seen: string[] = [];
  unseen.announce("a", "1");
  unseen.announce("a", "2");
  unseen.announce("b", "3");
  for (const owner of ["a", "b", "c"]) void unseen.seen(owner).then(() => seen.push(owner));
  await settle();
  expect(seen).toEqual(["c"]);
  unseen.settle("2");
  unseen.settle("2");
  unseen.settle("unknown");
  await settle();
  expect(seen).toEqual(["c"]);
  unseen.settle("1");
  await settle();
  expect(seen).toEqual(["c", "a"]);
  unseen.stop();
  await settle();
  expect(seen).toEqual(["c", "a", "b"]);
});

test("after five minutes nobody waits any more, and no timer is left", async () => {
  const { environment, clock, advance } = await startInProcessServer();
  const unseen = new UnseenWrites(environment);
  let over = false;
  unseen.announce("a", "1");
  void unseen.seen("a").then(() => (over = true));
  await advance(299_999);
  expect(over).toBe(false);
  await advance(1);
  expect(over).toBe(true);
  unseen.announce("a", "2");
  void unseen.seen("a");
  unseen.settle("2");
  await advance(0);
  expect(clock.next()).toBeUndefined();
});
