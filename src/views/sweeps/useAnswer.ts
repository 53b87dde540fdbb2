import { useEffect, useState } from "react";
import { toReport } from "../../state/client";
import type { ErrorReport } from "../../worker/protocol";

/**
 * The answer to a question that takes a while. While the next one is on its way the last answer stays on show, and `stale`
 * says so. `ask` must keep its identity while the question is the same.
 */
export function useAnswer<T>(ask: (() => Promise<T>) | null): {
  answer: T | null;
  stale: boolean;
  error: ErrorReport | null;
} {
  const [state, setState] = useState<{ of: unknown; answer: T | null; error: ErrorReport | null }>({
    of: null,
    answer: null,
    error: null,
  });
  useEffect(() => {
    if (!ask) return;
    let wanted = true;
    ask().then(
      (answer) => {
        if (wanted) setState({ of: ask, answer, error: null });
      },
      (cause: unknown) => {
        if (wanted) setState({ of: ask, answer: null, error: toReport(cause) });
      },
    );
    return () => {
      wanted = false;
    };
  }, [ask]);
  return { answer: ask ? state.answer : null, stale: state.of !== ask, error: ask ? state.error : null };
}
