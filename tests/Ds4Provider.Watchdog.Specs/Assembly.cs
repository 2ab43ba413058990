using Xunit.v3;

// Real processes on a small machine: more at once only makes all of them slow.
[assembly: Parallelization(MaxThreads = 2)]
