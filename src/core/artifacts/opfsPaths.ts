/** What the two stores in the browser's private file system (OPFS) have in common. */

/** NotFoundError: not there; TypeMismatchError: a folder where a file was asked for, or the other way round. */
export function unlessMissing(error: unknown): null {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotFoundError" || name === "TypeMismatchError") return null;
  throw error;
}

export function splitPath(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}
