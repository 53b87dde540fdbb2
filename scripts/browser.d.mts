export function findBrowser(): string | null;
export const BROWSER_HELP: string;
export const BROWSER_FLAGS: readonly string[];
