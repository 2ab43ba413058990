using System.Text;
using CsCheck;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs.Watchdog;

public sealed class ListenerRecordSpecs
{
    private static readonly Gen<ListenerRecord> Records =
        from port in Gen.Int[1, 65535]
        from key in Gen.Char['!', '~'].Array[16, 64]
        select ListenerRecord.Of(port, new string(key));

    [Fact]
    public void Port_and_key_are_read_as_they_were_written() =>
        Records.Sample(record => ListenerRecord.Parse(record.ToJson()).ShouldBe(record));

    [Fact]
    public void Any_bytes_are_read_without_an_exception_and_what_is_read_is_usable() =>
        Gen.Select(Records, Gen.Int[0, 200], Gen.Byte).Sample((record, at, value) =>
        {
            byte[] json = record.ToJson();
            json[at % json.Length] = value;
            if (ListenerRecord.Parse(json) is not { } read)
                return;
            read.Port.ShouldBeInRange(1, 65535);
            read.ApiKey.Length.ShouldBeGreaterThanOrEqualTo(16);
            read.ApiKey.ShouldAllBe(c => c > ' ' && c < '\x7f');
        });

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"v":1,"port":0,"apiKey":"0123456789abcdef"}""")]
    [InlineData("""{"v":1,"port":80,"apiKey":"short"}""")]
    [InlineData("""{"v":1,"port":80,"apiKey":"0123456789abc def"}""")]
    [InlineData("""{"v":1,"port":80,"apiKey":null}""")]
    [InlineData("""{"v":9,"port":80,"apiKey":"0123456789abcdef"}""")]
    public void What_is_no_record_is_none(string text) => ListenerRecord.Parse(Encoding.UTF8.GetBytes(text)).ShouldBeNull();

    [Fact]
    public void The_file_is_the_users_alone()
    {
        using var folder = new TemporaryFolder();
        var paths = new WatchdogPaths(folder.Path, folder.Path);
        ListenerRecord.Read(paths).ShouldBeNull();

        ListenerRecord.Of(18400, "0123456789abcdef").Write(paths);

        ListenerRecord.Read(paths).ShouldBe(ListenerRecord.Of(18400, "0123456789abcdef"));
        File.GetUnixFileMode(paths.Listener).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(folder.Path).ShouldBe([paths.Listener]);
    }
}
