/**
 * A picture as a plain tree: pure functions make it, React shows it, and `svgText` writes it as a file with every text
 * escaped. So a chart needs no DOM and can be made in Node.
 */
import { createElement, type ReactElement } from "react";

export interface SvgNode {
  tag: string;
  attrs: Record<string, string | number>;
  children: (SvgNode | string)[];
}

/** One element. Attributes are named as in SVG (text-anchor, stroke-width). */
export function el(tag: string, attrs: SvgNode["attrs"] = {}, children: SvgNode["children"] = []): SvgNode {
  return { tag, attrs, children };
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text made safe inside SVG. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ESCAPES[c]!);
}

/** The tree as SVG text. */
export function svgText(node: SvgNode): string {
  const attrs = Object.entries(node.attrs)
    .map(([k, v]) => ` ${k}="${escapeXml(String(v))}"`)
    .join("");
  const inner = node.children.map((c) => (typeof c === "string" ? escapeXml(c) : svgText(c))).join("");
  return inner ? `<${node.tag}${attrs}>${inner}</${node.tag}>` : `<${node.tag}${attrs}/>`;
}

/** The tree as React elements. */
export function svgReact(node: SvgNode, key?: string | number): ReactElement {
  const props: Record<string, string | number> = {};
  for (const [k, v] of Object.entries(node.attrs)) props[reactName(k)] = v;
  if (key !== undefined) props.key = key;
  return createElement(node.tag, props, ...node.children.map((c, i) => (typeof c === "string" ? c : svgReact(c, i))));
}

function reactName(name: string): string {
  if (name === "class") return "className";
  if (name.startsWith("aria-")) return name;
  return name.replace(/-([a-z])/g, (_, c: string) => c.toUpperCase());
}
