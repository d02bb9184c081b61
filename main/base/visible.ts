/** Text from outside made harmless for a terminal line, a log or a dialog: control, bidi and invisible characters, and bytes of a name that is no text, become visible escapes. */
const hidden = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu;

export function visible(text: string, most = 2000): string {
  const shown = text.replace(hidden, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return shown.length <= most ? shown : `${shown.slice(0, Math.ceil(most / 2))} … ${shown.slice(-Math.floor(most / 2))}`;
}
