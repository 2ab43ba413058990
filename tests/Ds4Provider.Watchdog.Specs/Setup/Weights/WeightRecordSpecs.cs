using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Watchdog.Setup.Weights.Download;

namespace Ds4Provider.Watchdog.Specs.Setup.Weights;

public sealed class WeightRecordSpecs
{
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData("x"u8));

    private static readonly Gen<ChunkMap> Maps =
        from size in Gen.Long[1, 5_000_000]
        from chunk in Gen.Int[1024, 100_000]
        from done in Gen.Bool.Array[0, 60]
        select Completed(new ChunkMap(size, chunk), done);

    [Fact]
    public void What_has_arrived_is_remembered_exactly() => Maps.Sample(map =>
    {
        PartialState state = PartialState.Parse(PartialState.Of(map, Hash).ToJson()).ShouldNotBeNull();
        ChunkMap read = state.MapOf(map.Size, Hash).ShouldNotBeNull();
        read.ToBitmap().ShouldBe(map.ToBitmap());
        read.DoneBytes.ShouldBe(map.DoneBytes);
        state.MapOf(map.Size, new string('0', 64)).ShouldBeNull("it speaks of another content");
    });

    [Fact]
    public void A_changed_bit_in_what_is_remembered_never_passes_for_arrived_bytes() =>
        Gen.Select(Maps, Gen.Int[0, int.MaxValue], Gen.Int[0, 7]).Sample((map, place, bit) =>
        {
            byte[] json = PartialState.Of(map, Hash).ToJson();
            json[place % json.Length] ^= (byte)(1 << bit);
            if (PartialState.Parse(json)?.MapOf(map.Size, Hash) is { } read && read.ChunkBytes == map.ChunkBytes)
                read.ToBitmap().ShouldBe(map.ToBitmap());
        });

    [Fact]
    public void Any_bytes_are_read_without_an_exception() => Gen.Byte.Array[0, 300].Sample(bytes =>
    {
        PartialState.Parse(bytes).ShouldBeNull();
        WeightReceipt.Parse(bytes).ShouldBeNull();
    });

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"v":1,"size":0,"sha256":null,"chunkBytes":0,"done":null,"checksum":null}""")]
    [InlineData("""{"v":1,"size":9223372036854775807,"sha256":"a","chunkBytes":1024,"done":"","checksum":""}""")]
    [InlineData("""{"v":1,"sha256":null,"size":3,"modifiedTicks":1,"source":null}""")]
    public void Records_that_contradict_themselves_say_nothing(string json)
    {
        PartialState.Parse(Encoding.UTF8.GetBytes(json)).ShouldBeNull();
        WeightReceipt.Parse(Encoding.UTF8.GetBytes(json)).ShouldBeNull();
    }

    [Fact]
    public async Task Every_chunk_is_handed_out_once_however_many_connections_ask()
    {
        var map = new ChunkMap(1_000_003, 1024);
        int[] taken = new int[map.Count];

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            while (map.Take(1 + random.Next(9)) is { } run)
            {
                bool givesUp = random.Next(4) == 0;
                while (!run.IsFinished && !(givesUp && random.Next(3) == 0))
                {
                    int bytes = (int)Math.Min(1 + random.Next(2000), run.End - run.Position);
                    for (long chunk = run.Position / 1024; (chunk * 1024) + map.LengthOf((int)chunk) <= run.Position + bytes; chunk++)
                    {
                        Interlocked.Increment(ref taken[chunk]);
                        if (chunk == map.Count - 1)
                            break;
                    }
                    run.Wrote(bytes);
                }
                run.Release();
            }
        }, TestContext.Current.CancellationToken)));
        while (map.Take(5) is { } rest)
            rest.Wrote((int)(rest.End - rest.Position));

        map.IsComplete.ShouldBeTrue();
        map.ArrivedBytes.ShouldBe(map.Size);
        taken.ShouldAllBe(times => times <= 1);
        (await map.WaitBeyondAsync(0, TestContext.Current.CancellationToken)).ShouldBe(map.Size);
    }

    [Fact]
    public void The_token_is_found_where_the_hubs_tools_keep_it()
    {
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string?> { ["HOME"] = folder["home"] };
        string? Find() => HubToken.Find(environment.GetValueOrDefault);

        Find().ShouldBeNull();
        folder.Write("home/.cache/huggingface/token", "hf_home\n");
        Find().ShouldBe("hf_home");
        folder.Write("hub/token", "hf_hub");
        environment["HF_HOME"] = folder["hub"];
        Find().ShouldBe("hf_hub");
        folder.Write("elsewhere", "hf_elsewhere");
        environment["HF_TOKEN_PATH"] = folder["elsewhere"];
        Find().ShouldBe("hf_elsewhere");
        environment["HF_TOKEN"] = "hf_named";
        Find().ShouldBe("hf_named");
        environment["HF_TOKEN"] = "two\nlines";
        Find().ShouldBe("hf_elsewhere", "a line break would break the header");
    }

    private static ChunkMap Completed(ChunkMap map, bool[] done)
    {
        for (int chunk = 0; chunk < Math.Min(map.Count, done.Length); chunk++)
        {
            if (done[chunk])
                map.Complete(chunk);
        }
        return map;
    }
}
