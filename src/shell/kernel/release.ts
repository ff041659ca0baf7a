/** What `uname -r` says in containers, and nodes report as their kernel. */
export const kernelRelease = '6.1.0-paperkube';
