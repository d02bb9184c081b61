/** Medians and ratios. Each figure has its reference in the same run, alternating with it, so that a noisy machine hits both. */
import type { Home } from "../journeys/app.ts";

export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** The goal as in the issue: value ≤ goal, or ≥ where `atLeast`. */
  goal: number;
  atLeast?: boolean;
  spread: number;
}

/** A subject of the bench. One that takes long hands over each figure as it is there. */
export type Subject = (home: Home) => Promise<Figure[]> | AsyncIterable<Figure>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** How far the median may lie from the true one, as part of it: its standard error, from the quartiles. More rounds make it smaller. */
export function spread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[Math.floor(sorted.length / 4)] ?? Number.NaN;
  const high = sorted[Math.floor((sorted.length * 3) / 4)] ?? Number.NaN;
  return (0.93 * (high - low)) / Math.sqrt(sorted.length) / median(sorted);
}

export async function alternate(rounds: number, ours: () => Promise<number>, reference: () => Promise<number>): Promise<{ ratio: number; spread: number; ours: number; reference: number }> {
  await ours();
  await reference();
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    mine.push(await ours());
    theirs.push(await reference());
  }
  return { ratio: median(mine) / median(theirs), spread: Math.hypot(spread(mine), spread(theirs)), ours: median(mine), reference: median(theirs) };
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

export function meets(figure: Figure): boolean {
  return figure.atLeast ? figure.value >= figure.goal * (1 - figure.spread) : figure.value <= figure.goal * (1 + figure.spread);
}

/** A value that a given part of all tries stays below. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** Slope of the straight line through the points, by least squares. */
export function slope(points: readonly { x: number; y: number }[]): number {
  const mean = (of: (point: { x: number; y: number }) => number): number => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  return points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
}
