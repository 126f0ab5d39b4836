/** What is tried of a set-up, each check by its name. */

/** Who assumes the role is `assumes…`; all up to `no-iam` is the role; the rest is who assumes it, by itself. */
const TEXTS = {
  assumes: 'assumes the role',
  'assumes-with-id': 'assumes the role with the external ID',
  'not-without-id': 'is refused without the external ID',
  lists: 'lists the prefix',
  'no-list': 'is refused a list of the prefix',
  puts: 'puts an object',
  'no-put': 'is refused a put',
  gets: 'gets it',
  'no-get': 'is refused its content',
  parts: 'uploads in parts',
  'no-parts': 'is refused an upload in parts',
  deletes: 'deletes',
  'no-delete': 'is refused a deletion',
  'no-put-outside': 'is refused a put outside the prefix',
  'no-list-of-all': 'is refused a list of the whole bucket',
  'no-buckets': 'is refused the names of other buckets',
  'no-other-bucket': 'is refused another bucket',
  'no-iam': 'the role cannot read IAM',
  'nothing-as-user': 'the user itself reaches nothing in S3',
  'nothing-as-instance-profile': "the instance's own role reaches nothing in S3",
  'nothing-as-principal': 'the principal itself reaches nothing in S3',
  'nothing-as-service': 'the service reaches nothing in S3',
  'simulated-lists': 'simulated: lists the prefix',
  'simulated-no-list': 'simulated: no list of the prefix',
  'simulated-objects': 'simulated: on objects of the prefix {actions} and no more',
  'simulated-no-objects-outside': 'simulated: nothing outside the prefix',
  'simulated-no-list-of-all': 'simulated: no list of the whole bucket',
  'simulated-no-other-bucket': 'simulated: nothing in another bucket',
  'simulated-no-iam': 'simulated: nothing in IAM, no names of buckets',
} as const;

export type CheckId = keyof typeof TEXTS;

export interface Check {
  readonly id: CheckId;
  /** The same in English. */
  readonly what: string;
  readonly good: boolean;
  /** What was answered instead, where it is not good. */
  readonly answer?: string;
}

/** `answer`: what was answered instead of what should have been. `actions`: those that a check names. */
export function check(id: CheckId, answer?: string, actions: readonly string[] = []): Check {
  const what = TEXTS[id].replace('{actions}', actions.join(', '));
  return answer === undefined ? { id, what, good: true } : { id, what, good: false, answer };
}
