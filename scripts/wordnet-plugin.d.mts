import type { Plugin } from "vite";

export function wordnetPlugin(): Plugin;
