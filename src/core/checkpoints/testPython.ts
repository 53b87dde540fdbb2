/** For tests that compare with other programs where these happen to be. */
import { spawnSync } from "node:child_process";

/** A version manager's python3 often stands before the system's, which has the system's packages. */
const PYTHONS = ["python3", "/usr/bin/python3"];

/** The first python3 that has a module; undefined where none has. */
export const pythonWith = (module: string): string | undefined =>
  PYTHONS.find((name) => spawnSync(name, ["-c", `import ${module}`]).status === 0);
