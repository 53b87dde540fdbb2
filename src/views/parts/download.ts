/** Files that the page gives out: tables as CSV and JSON, charts as SVG and PNG. */
import type { Action } from "./Menu";

/** Saves a blob under a name. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  // The download reads the address after the click; a minute is more than any browser takes to begin.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type }), name);
}

const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linejoin",
  "stroke-linecap",
  "font-family",
  "font-size",
  "font-weight",
  "paint-order",
  "text-anchor",
  "opacity",
];

/** A drawn chart as a file of its own: the page's styles are written into every element. */
function standaloneSvg(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll("*")];
  const to = [copy, ...copy.querySelectorAll("*")];
  for (const [i, source] of from.entries()) {
    const style = getComputedStyle(source);
    const target = to[i] as SVGElement;
    target.removeAttribute("class");
    for (const name of STYLES) {
      const value = style.getPropertyValue(name);
      if (value) target.style.setProperty(name, value);
    }
  }
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(Math.round(width)));
  copy.setAttribute("height", String(Math.round(height)));
  // What the page says of the picture goes with it.
  const words = svg.getAttribute("aria-label") ?? svg.closest("[role=img]")?.getAttribute("aria-label");
  if (words) {
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = words;
    copy.prepend(title);
  }
  copy.style.setProperty("background", getComputedStyle(document.body).getPropertyValue("--surface"));
  return new XMLSerializer().serializeToString(copy);
}

/** A menu's items that save the charts inside an element, as they are when one is chosen. */
export function pictureActions(holder: { readonly current: Element | null }, name: string): Action[] {
  return [
    { id: "svg", label: "SVG", run: () => saveSvg(holder.current, name) },
    { id: "png", label: "PNG", run: () => void savePng(holder.current, name) },
  ];
}

/** The chart inside an element, as SVG. Does nothing where none is drawn. */
function saveSvg(holder: Element | null, name: string): void {
  for (const [i, svg] of charts(holder).entries())
    saveText(standaloneSvg(svg), numbered(name, i, "svg"), "image/svg+xml");
}

/** The same as PNG, at twice the size on screen. */
async function savePng(holder: Element | null, name: string): Promise<void> {
  for (const [i, svg] of charts(holder).entries()) {
    const { width, height } = svg.getBoundingClientRect();
    const image = new Image();
    const url = URL.createObjectURL(new Blob([standaloneSvg(svg)], { type: "image/svg+xml" }));
    try {
      image.src = url;
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(width * 2);
      canvas.height = Math.round(height * 2);
      const context = canvas.getContext("2d");
      if (!context) return;
      context.fillStyle = getComputedStyle(document.body).getPropertyValue("--surface");
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
      if (blob) saveBlob(blob, numbered(name, i, "png"));
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

function charts(holder: Element | null): SVGSVGElement[] {
  return [...(holder?.querySelectorAll<SVGSVGElement>("svg.chart, svg.recharts-surface") ?? [])];
}

function numbered(name: string, i: number, type: string): string {
  return `${name}${i > 0 ? `-${i + 1}` : ""}.${type}`;
}
