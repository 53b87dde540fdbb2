/** A live chart: recharts lays out axes and lines, the labels at the lines' ends are ours. */
import { Line, LineChart, usePlotArea, useXAxisScale, useYAxisScale, XAxis, YAxis } from "recharts";
import type { CurveChart, CurveLine } from "./curves";
import { placeLabels } from "./labels";
import { LOOKS, markPath } from "./systems";
import { tick } from "./words";

export default function CurvePanel({
  chart,
  width,
  height,
  xTitle,
  names = true,
  right = names ? 120 : 52,
}: {
  chart: CurveChart;
  width: number;
  height: number;
  xTitle: string;
  /** Whether the labels say the system's name, too. */
  names?: boolean;
  /** Room for the labels at the lines' ends, in pixels: the longest name beside a figure. */
  right?: number;
}) {
  return (
    <div className="curvepanel" role="img" aria-label={chart.sentence} style={{ width, height }}>
      <LineChart
        width={width}
        height={height}
        margin={{ top: 10, right, bottom: 18, left: 0 }}
        accessibilityLayer={false}
        throttleDelay={0}
      >
        <XAxis
          dataKey="x"
          type="number"
          scale={chart.x.log ? "log" : "linear"}
          domain={chart.x.domain}
          ticks={chart.x.ticks}
          tickFormatter={tick}
          allowDataOverflow
          interval="preserveStart"
          minTickGap={12}
          tickSize={4}
          height={20}
          stroke="var(--line-2)"
          tick={{ fill: "var(--ink-3)", fontSize: 11 }}
        />
        <YAxis
          type="number"
          scale={chart.y.log ? "log" : "linear"}
          domain={chart.y.domain}
          ticks={chart.y.ticks}
          tickFormatter={tick}
          allowDataOverflow
          interval={0}
          width={40}
          axisLine={false}
          tickLine={false}
          tick={{ fill: "var(--ink-3)", fontSize: 11 }}
        />
        <Backdrop chart={chart} xTitle={xTitle} />
        {chart.lines.map((l) =>
          l.ghost.length > 1 ? (
            <Line
              key={`${l.system} raw`}
              data={l.ghost}
              dataKey="y"
              type="linear"
              stroke={LOOKS[l.system].color}
              strokeWidth={1}
              strokeOpacity={0.32}
              dot={false}
              activeDot={false}
              isAnimationActive={false}
            />
          ) : null,
        )}
        {chart.lines.map((l) => (
          <Line
            key={l.system}
            data={l.points}
            dataKey="y"
            type="linear"
            stroke={LOOKS[l.system].color}
            strokeWidth={l.style === "words" || l.style === "reference" ? 1.5 : 2}
            {...(l.style === "words" ? { strokeDasharray: "2 4" } : {})}
            {...(l.style === "reference" ? { strokeDasharray: "5 3" } : {})}
            dot={false}
            activeDot={false}
            isAnimationActive={false}
          />
        ))}
        <Ends lines={chart.lines} names={names} />
      </LineChart>
    </div>
  );
}

/** Hairlines at the y ticks, and the title at the end of the x axis. */
function Backdrop({ chart, xTitle }: { chart: CurveChart; xTitle: string }) {
  const y = useYAxisScale();
  const area = usePlotArea();
  if (!y || !area) return null;
  return (
    <g>
      {chart.y.ticks.map((t) => (
        <path
          key={t}
          d={`M${area.x} ${Math.round(Number(y(t))) + 0.5}H${area.x + area.width}`}
          stroke="var(--grid)"
          fill="none"
        />
      ))}
      {chart.lines.length === 0 ? (
        <text
          x={area.x + area.width / 2}
          y={area.y + area.height / 2 + 4}
          textAnchor="middle"
          fill="var(--ink-3)"
          fontSize={12}
        >
          nothing yet
        </text>
      ) : null}
      <text x={area.x + area.width} y={area.y + area.height + 34} textAnchor="end" fill="var(--ink-3)" fontSize={11}>
        {xTitle}
      </text>
    </g>
  );
}

/** A mark at the end of each line and its words beside it. */
function Ends({ lines, names }: { lines: readonly CurveLine[]; names: boolean }) {
  const x = useXAxisScale();
  const y = useYAxisScale();
  const area = usePlotArea();
  if (!x || !y || !area) return null;
  const ends = lines.flatMap((l) => {
    const last = l.points.at(-1);
    return last ? [{ line: l, x: Number(x(last.x)), y: Number(y(last.y)) }] : [];
  });
  const places = placeLabels(
    ends.map((e) => ({ key: e.line.system, y: e.y + 4 })),
    14,
    area.y + 4,
    area.y + area.height,
  );
  return (
    <g>
      {ends.map(({ line, x: px, y: py }) => {
        const look = LOOKS[line.system];
        const level = line.style === "words" || line.style === "reference";
        return (
          <g key={line.system} className={look.className}>
            {line.style === "dots"
              ? line.points.map((p) => (
                  <path key={p.x} className="pt" d={markPath(line.system, Number(x(p.x)), Number(y(p.y)), 2.4)} />
                ))
              : null}
            {names && !level && px < area.x + area.width - 12 ? (
              <path
                className="leader"
                d={`M${px + 6} ${py}L${area.x + area.width + 6} ${(places.get(line.system) ?? py) - 4}`}
              />
            ) : null}
            {level ? null : <path className="pt" d={markPath(line.system, px, py, 3.8)} />}
            <text className="lab" x={names ? area.x + area.width + 10 : px + 9} y={places.get(line.system) ?? py}>
              {names ? `${look.label} ` : ""}
              <tspan fontWeight={names ? 400 : 600}>{line.label}</tspan>
            </text>
          </g>
        );
      })}
    </g>
  );
}
