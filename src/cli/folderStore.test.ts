import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryStore, type Store } from "../core/artifacts/store";
import { folderStore } from "./folderStore";

let root: string;
let store: Store;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "folder-store-"));
  store = folderStore(join(root, "kept"));
});
afterEach(() => rm(root, { recursive: true }));

const bytes = (...values: number[]) => new Uint8Array(values);

test("keeps what is written, in files of those names, and nothing beside them", async () => {
  await store.write("runs/a/result.json", bytes(1, 2, 3));
  expect(await store.read("runs/a/result.json")).toEqual(bytes(1, 2, 3));
  expect(new Uint8Array(await readFile(join(root, "kept/runs/a/result.json")))).toEqual(bytes(1, 2, 3));
  await store.write("runs/a/result.json", bytes());
  expect(await store.read("runs/a/result.json")).toEqual(bytes());
  expect(await readdir(join(root, "kept/runs/a"))).toEqual(["result.json"]);
  // Another store on the same folder finds it: it is on the disk.
  expect(await folderStore(join(root, "kept")).list("")).toEqual(["runs/a/result.json"]);
});

test("has nothing before the first write, and says so in silence", async () => {
  expect(await store.read("a")).toBeNull();
  expect(await store.size("a")).toBeNull();
  expect(await store.list("")).toEqual([]);
  await store.remove("a");
  await store.write("a/b", bytes(1));
  for (const path of ["a", "a/b/c"]) {
    // a folder, and below a file
    expect(await store.read(path)).toBeNull();
    expect(await store.size(path)).toBeNull();
  }
  expect(await store.size("a/b")).toBe(1);
});

test("does what the store in memory does, whatever is asked of both", async () => {
  const path = fc.constantFrom("a", "b", "c/d", "c/e/f", "c/e/g", "ce/h");
  const start = fc.constantFrom("", "c", "c/", "c/e", "c/e/", "a", "x", "c/d/x");
  const action = fc.oneof(
    fc.record({ do: fc.constant("write" as const), path, bytes: fc.uint8Array({ maxLength: 20 }) }),
    fc.record({ do: fc.constant("remove" as const), path: fc.oneof(path, fc.constantFrom("c", "c/e")) }),
    fc.record({
      do: fc.constantFrom("read" as const, "size" as const),
      path: fc.oneof(path, fc.constantFrom("c", "a/x")),
    }),
    fc.record({ do: fc.constant("list" as const), path: start }),
  );
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 15 }), async (actions) => {
      const stores = [folderStore(join(root, String(++n))), memoryStore()];
      for (const step of actions) {
        const [disk, memory] = await Promise.all(
          stores.map(
            async (s): Promise<unknown> =>
              step.do === "write" ? s.write(step.path, step.bytes) : s[step.do](step.path),
          ),
        );
        expect(disk).toEqual(memory);
      }
      const [disk, memory] = await Promise.all(stores.map((s) => s.list("")));
      expect(disk).toEqual(memory);
    }),
    { numRuns: 50 },
  );
});

test("two writes at once leave one of them whole", async () => {
  const size = 1_000_000;
  await Promise.all([1, 2, 3, 4].map((value) => store.write("big", new Uint8Array(size).fill(value))));
  const kept = (await store.read("big"))!;
  expect(kept).toHaveLength(size);
  expect(kept.every((value) => value === kept[0])).toBe(true);
  expect(await readdir(join(root, "kept"))).toEqual(["big"]);
});

test("a file half written by a run that was killed is not listed", async () => {
  await store.write("a", bytes(1));
  await writeFile(join(root, "kept/b.1-1.partial"), bytes(1));
  expect(await store.list("")).toEqual(["a"]);
});

test.each(["../outside", "a/../../outside", "..", "", "."])("refuses the path %j", async (path) => {
  await writeFile(join(root, "outside"), bytes(7));
  const refusal = { name: "LabError", kind: "bad-input", message: expect.stringContaining(`"${path}"`) as string };
  await expect(store.write(path, bytes(1))).rejects.toMatchObject(refusal);
  await expect(store.read(path)).rejects.toMatchObject(refusal);
  await expect(store.size(path)).rejects.toMatchObject(refusal);
  await expect(store.remove(path)).rejects.toMatchObject(refusal);
  expect(await readdir(root)).toContain("outside");
});

test("says which file the disk refused, and leaves nothing half done", async () => {
  await store.write("a", bytes(1));
  await expect(store.write("a/b", bytes(1))).rejects.toMatchObject({
    kind: "bad-input",
    message: expect.stringContaining(join("a", "b")) as string,
  });
  await store.write("folder/x", bytes(1));
  await expect(store.write("folder", bytes(1))).rejects.toMatchObject({ kind: "bad-input" });
  expect(await readdir(join(root, "kept"))).toEqual(["a", "folder"]);
});
