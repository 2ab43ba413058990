using Package.Specs;
using Xunit.v3;

// Compilers and servers on a small machine: one at a time is the fastest.
[assembly: AssemblyFixture(typeof(PackedFeed))]
[assembly: Parallelization(MaxThreads = 1)]
