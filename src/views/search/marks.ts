/** What a judgement is called: relevant from the collection's level, partly below it, not relevant at 0. */
export function markWords(grade: number | null, level: number): string {
  if (grade === null || grade < 0) return "";
  if (grade >= level) return "relevant";
  return grade > 0 ? "partly" : "irrelevant";
}
