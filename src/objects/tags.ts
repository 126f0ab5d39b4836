/** What tags of buckets and objects may be ("Categorizing your storage using tags", S3 User Guide). */

const LONGEST_NAME = 128;
const LONGEST_VALUE = 256;
const FORM = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Whether a name or a value has only characters of tags. */
function isTagForm(text: string): boolean {
  return FORM.test(text);
}

/** Whether a tag may be called so; `aws:` in front is another question. */
export function isTagName(name: string): boolean {
  return name !== '' && [...name].length <= LONGEST_NAME && isTagForm(name);
}

export function isTagValue(value: string): boolean {
  return [...value].length <= LONGEST_VALUE && isTagForm(value);
}

/** Tags of a bucket ("Using cost allocation S3 bucket tags"). */
export const MOST_BUCKET_TAGS = 50;
