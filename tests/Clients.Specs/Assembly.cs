using Xunit.v3;

// A client is a program of hundreds of megabytes: more at once only makes all of them slow.
[assembly: Parallelization(MaxThreads = 2)]
