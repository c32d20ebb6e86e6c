/** Length in UTF-8, as Go's len(): limits of the API count bytes. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code < 0x800) bytes += 1;
    else if (code >= 0xd800 && code < 0xdc00) {
      // A surrogate pair is two units here and four bytes there.
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}
