import { describe, expect, it } from "vitest";
import { settle, towerAssignments } from "./settings";

describe("--teacher and --student", () => {
  it("are settings: a checkpoint's folder, or the student's shape", () => {
    expect(towerAssignments(undefined, undefined)).toEqual([]);
    expect(towerAssignments("a/b", "c")).toEqual(["teacher.checkpoint=a/b", "student.checkpoint=c"]);
    expect(towerAssignments(undefined, "lookup:32")).toEqual(["student.kind=lookup", "student.width=32"]);
    const { student, teacher } = settle("tiny", towerAssignments("a=b", "encoder:64x2x4"), undefined, false);
    expect(teacher.checkpoint).toBe("a=b");
    expect(student).toMatchObject({ kind: "encoder", width: 64, layers: 2, heads: 4, checkpoint: "" });
  });

  it("refuse a shape that is none", () => {
    for (const shape of ["encoder:", "encoder:64x2x4x1", "lookup:3x2", "decoder:axb"])
      expect(() => towerAssignments(undefined, shape)).toThrow(/is no shape/);
  });

  it("leave the settings of the teacher's shape alone, which a checkpoint does not use", () => {
    const odd = ["teacher.heads=5", "student.init=first-last", "student.kind=decoder"];
    expect(settle("tiny", ["teacher.checkpoint=x", ...odd], undefined, false).teacher.heads).toBe(5);
    expect(() => settle("tiny", odd, undefined, false)).toThrow(/do not fit together/);
  });
});
