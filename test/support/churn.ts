import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type Server, s3Of } from './all-kinds.js';

/**
 * Replaces and deletes five large objects as fast as it can until `isOver`, each run under an `id` of its own. Answers
 * how many it has put.
 */
export async function churn(
  server: Server,
  Bucket: string,
  id: number,
  isOver: () => boolean,
): Promise<number> {
  const s3 = s3Of(server);
  let rounds = 0;
  for (; !isOver(); rounds++) {
    const Key = `${id}/${rounds % 5}`;
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(50_000, `${Key} ${rounds} `) }));
    if (rounds % 4 === 0) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  }
  s3.destroy();
  return rounds;
}
