/** Name, reason. */
export declare const covered: string[][];
export declare const coveredForRoot: string[][];
/** Names, reason. */
export declare const shown: string[][];
