/** Name → number on x86-64, number on arm64 (absent: not there). */
export declare const calls: { [name: string]: number[] };
export declare const lastReviewed: number;
