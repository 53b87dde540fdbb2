/** How one setting is described: everything a form, a link, the command line or a help page needs to know of it. */
import { z } from "zod";

/** The two sources that are named most. */
export const METHOD = "ScalingNote, arXiv 2411.15766";
export const OURS = "this project's default";

export interface SettingInfo {
  label: string;
  /** One line in plain words: what it means, what moving it does. */
  help: string;
  unit?: string;
  /** Where the definition or the default comes from. */
  source?: string;
  min?: number;
  max?: number;
  integer?: boolean;
  /** Longest text, in UTF-16 units. */
  maxLength?: number;
  /** A slider should move in ratios, not in differences. */
  log?: boolean;
  /** The words for each choice of an enumeration. */
  choices?: Record<string, string>;
}

/** Metadata of every setting's schema. */
export const settings = z.registry<SettingInfo>();

type NumberInfo = SettingInfo & { default: number; min: number; max: number };

/** A real number within [min, max]. */
export function real({ default: value, ...info }: NumberInfo) {
  return z.number().min(info.min).max(info.max).default(value).register(settings, info);
}

/** A whole number within [min, max]. */
export function whole({ default: value, ...info }: NumberInfo) {
  return z
    .int()
    .min(info.min)
    .max(info.max)
    .default(value)
    .register(settings, { ...info, integer: true });
}

/** A switch. */
export function flag({ default: value, ...info }: SettingInfo & { default: boolean }) {
  return z.boolean().default(value).register(settings, info);
}

/** One of a few words. */
export function choice<const K extends string>({
  default: value,
  ...info
}: SettingInfo & { choices: Record<K, string>; default: NoInfer<K> }) {
  const keys = Object.keys(info.choices) as [K, ...K[]];
  return z
    .enum(keys)
    .default(value as never)
    .register(settings, info);
}

/** Free text of at most `maxLength` characters. */
export function text({ default: value, maxLength, ...info }: SettingInfo & { default: string; maxLength: number }) {
  return z
    .string()
    .max(maxLength)
    .default(value)
    .register(settings, { ...info, maxLength });
}
