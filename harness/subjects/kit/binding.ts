/** The function that a page under test calls with the records it has to tell. */
export const RECORD_BINDING = '__sseKitRecord';
