import { Fragment, memo, useMemo } from "react";
import { smoothingSpan } from "../../charts/series";
import { sparkline } from "../../charts/spark";
import { svgReact } from "../../charts/svg";
import { useLab, useLabStore } from "../../state/context";
import { Icon, type IconName } from "../parts/icons";
import { type CardState, pipelineCards, type StageCardModel } from "./cards";
import { Glyph } from "./glyphs";
import { useFrame } from "./useFrame";

const ICONS: Record<CardState, IconName> = {
  waiting: "waiting",
  running: "running",
  paused: "pause",
  done: "check",
  frozen: "lock",
  interrupted: "warning",
  stopped: "stop",
  replaying: "running",
};

/** Corpus, towers, frozen index, distillation, baselines, evaluation: always there, always in this order. */
export const Pipeline = memo(function Pipeline() {
  const { run } = useLab();
  const version = useFrame(60);
  const mode = useLabStore("run", (s) => s.mode);
  const status = useLabStore("run", (s) => s.status);
  const result = useLabStore("run", (s) => s.result);
  const saved = useLabStore("run", (s) => s.saved);
  const onForm = useLabStore("lab", (s) => s.experiment);
  const collection = useLabStore("lab", (s) => s.collection);
  const cards = useMemo(() => {
    void version;
    const { stages, experiment } = run.getState();
    return pipelineCards({
      mode,
      status,
      stages,
      experiment: experiment ?? onForm,
      result,
      // The form's collection says nothing about a stored run.
      collection: mode === "none" || mode === "live" ? collection : null,
      saved,
    });
  }, [run, version, mode, status, result, saved, onForm, collection]);
  return (
    <div className="pipe">
      {cards.map((card, i) => (
        <Fragment key={card.key}>
          {i > 0 ? (
            <div className="arrow" aria-hidden="true">
              <Icon name="arrow" size={16} />
            </div>
          ) : null}
          <StageCard card={card} />
        </Fragment>
      ))}
    </div>
  );
});

function StageCard({ card }: { card: StageCardModel }) {
  const drawn = card.curve.length > 0;
  return (
    <section className={`stage ${card.state} ${card.tower}`} aria-label={`${card.title}: ${card.word}`}>
      <header>
        <h2>{card.title}</h2>
        <span className="state">
          <Icon name={ICONS[card.state]} size={12} />
          <span>{card.word}</span>
        </span>
        <small>{card.sub}</small>
      </header>
      <div className="mid">
        <div className="fig">
          {card.figure}
          <small>{card.figureLabel}</small>
        </div>
        {drawn
          ? svgReact(
              sparkline(card.curve, {
                width: 48,
                log: card.logCurve,
                span: card.logCurve ? smoothingSpan(card.curve.at(-1)!.x) : 0,
              }),
            )
          : null}
        <Glyph name={card.glyph} />
      </div>
      <footer>
        {card.progress === null ? null : (
          <div
            className="bar"
            role="progressbar"
            aria-label={card.title}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(card.progress * 100)}
          >
            <i style={{ width: `${card.progress * 100}%` }} />
          </div>
        )}
        {card.facts.map(([left, right], i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two lines, always in place.
          <p key={i}>
            <span>{left}</span>
            <span>{right}</span>
          </p>
        ))}
      </footer>
    </section>
  );
}
