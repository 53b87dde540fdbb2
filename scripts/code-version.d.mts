export function codeVersion(): string;
