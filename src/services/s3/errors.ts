/** S3's errors. The table stands with the engine, which raises most of them. */
export { s3Errors } from '../../objects/index.js';
