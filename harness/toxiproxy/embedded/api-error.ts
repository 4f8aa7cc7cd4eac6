/** An error with the status and the words that the real server answers. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const proxyNotFound = (): ApiError => new ApiError(404, 'proxy not found');
export const toxicNotFound = (): ApiError => new ApiError(404, 'toxic not found');
export const badBody = (why: string): ApiError => new ApiError(400, `bad request body: ${why}`);
export const missingField = (field: string): ApiError =>
  new ApiError(400, `missing required field: ${field}`);
