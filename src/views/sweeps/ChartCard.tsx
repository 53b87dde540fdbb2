/** A card with one of our own charts: drawn to its width, with its figures as a table and as files. */
import { type ReactNode, useId, useMemo, useRef } from "react";
import { type SvgNode, svgReact } from "../../charts/svg";
import { type Table, toCsv, toJson } from "../../core/formats/export";
import { pictureActions, saveText } from "../parts/download";
import { type Action, ActionMenu } from "../parts/Menu";
import { useWidth } from "../parts/useWidth";
import { FigureTable } from "./FigureTable";

/** A menu's items that save a table. It is made when it is asked for. */
export function tableActions(table: () => Table, name: string): Action[] {
  return [
    { id: "csv", label: "CSV", run: () => saveText(toCsv(table()), `${name}.csv`, "text/csv") },
    { id: "json", label: "JSON", run: () => saveText(toJson(table()), `${name}.json`, "application/json") },
  ];
}

export function ChartCard({
  title,
  sub,
  name,
  draw,
  table,
  end,
  caption,
  overlay,
  children,
}: {
  title: string;
  sub?: ReactNode;
  /** Of the files that are saved. */
  name: string;
  draw: (width: number) => SvgNode;
  table: () => Table;
  end?: ReactNode;
  caption?: ReactNode;
  /** Wraps the picture, for what is done with the pointer and keys. */
  overlay?: (picture: ReactNode, width: number) => ReactNode;
  children?: ReactNode;
}) {
  const id = useId();
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const picture = useMemo(() => (width > 0 ? svgReact(draw(Math.max(280, width))) : null), [draw, width]);
  return (
    <section className="card chartcard" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {sub ? <span className="sub">{sub}</span> : null}
        <div className="end">
          {end}
          <ActionMenu
            label={`Save: ${title}`}
            small
            icon="download"
            actions={[...tableActions(table, name), ...pictureActions(holder, name)]}
          />
        </div>
      </header>
      <div className="plot" ref={holder}>
        {picture && overlay ? overlay(picture, Math.max(280, width)) : picture}
      </div>
      {children}
      {caption ? <p className="caption">{caption}</p> : null}
      <FigureTable table={table} title={title} />
    </section>
  );
}
