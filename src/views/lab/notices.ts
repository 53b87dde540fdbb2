/** Notices name settings by their path, as links and the command line do; the page calls them by their label. */

import { settingWords } from "../../charts/settingWords";
import { SETTINGS } from "../../core/config/paths";

/** The setting that a notice begins with; null where it speaks of none. */
export function noticePath(notice: string): string | null {
  const word = /^[\w.]+(?=[ :])/.exec(notice)?.[0];
  return word !== undefined && SETTINGS.some((s) => s.path === word) ? word : null;
}

/** "training.batch 9999 is over the limit" -> "Batch 9999 is over the limit". */
export function noticeWords(notice: string): string {
  const path = noticePath(notice);
  if (path === null) return notice;
  const words = settingWords(path);
  return words[0]!.toUpperCase() + words.slice(1) + notice.slice(path.length);
}

/** What is to be said beside the setting of this path; null: nothing. */
export function noticeOf(notices: readonly string[], path: string): string | null {
  const found = notices.find((n) => noticePath(n) === path);
  return found === undefined ? null : noticeWords(found);
}
