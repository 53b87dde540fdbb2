/**
 * A reporter for vitest: which test files did not come to their end because their process died. The driver of the
 * software GPU has made one die, seldom and with no test to blame; vitest itself only says that "a worker" did.
 * Writes `{ files, passed, otherErrors }` as JSON into the file that DIED_REPORT names: the files, how many of their tests
 * had passed by then, and how many errors outside the tests had another cause.
 */
import { writeFileSync } from "node:fs";

const DIED = /Worker exited unexpectedly/;

export default class DiedReporter {
  onTestRunEnd(modules, errors) {
    const states = (module) => [...module.children.allTests()].map((test) => test.result().state);
    const died = modules.filter(
      (module) => ["queued", "pending"].includes(module.state()) || states(module).includes("pending"),
    );
    const report = {
      files: died.map((module) => module.moduleId),
      passed: died.flatMap(states).filter((state) => state === "passed").length,
      otherErrors: errors.filter(({ message, cause }) => !DIED.test(`${message} ${cause?.message}`)).length,
    };
    writeFileSync(process.env.DIED_REPORT, JSON.stringify(report));
  }
}
