/** Where looking into a layer ends: what lies deeper is named, never applied, and discarded with the folder above it. */

const deepest = 200;
/** Bytes below a system's limit of 4,096 for a whole path. */
const longest = 3800;

export const isTooDeep = (path: string): boolean => path.split("/").length > deepest || Buffer.byteLength(path) > longest;
