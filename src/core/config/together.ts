/** How many students are trained side by side as one step, unless a user says otherwise. */

/** On a GPU, where one small student leaves most of it idle; memory may allow fewer. */
export const MOST_TOGETHER = 16;

/**
 * On a CPU that stands in for a GPU one by one: it has no idle threads that more students could use, and their tensors
 * together leave its cache. Measured (docs/benchmark.md, Many students at once): as long a student as one alone, or longer.
 */
export const studentsTogether = ({ software }: { software: boolean }): number =>
  software ? 1 : MOST_TOGETHER;
