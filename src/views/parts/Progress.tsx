import { useId } from "react";
import { bytesInWords } from "../../core/bytes";
import { Button } from "./Button";

/** How far fetching or reading is, in words and as a bar, with a way to end it. A total of 0 is not known yet. */
export function Progress({
  words,
  done,
  total,
  onStop,
}: {
  words: string;
  /** Bytes. */
  done: number;
  total: number;
  onStop: () => void;
}) {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const id = useId();
  return (
    <div className="progress">
      <div>
        <p className="help" id={id}>
          {words}
          {done > 0 ? `: ${bytesInWords(done)}${total > done ? ` of ${bytesInWords(total)}` : ""}` : ""}
        </p>
        <div
          className="bar"
          role="progressbar"
          aria-labelledby={id}
          aria-valuemin={0}
          aria-valuemax={100}
          {...(total > 0 ? { "aria-valuenow": Math.round(100 * share) } : {})}
        >
          <i style={{ width: `${100 * share}%` }} />
        </div>
      </div>
      <Button icon="stop" onPress={onStop}>
        Stop
      </Button>
    </div>
  );
}
