<?php
/**
 * Identifies the server that this site works with.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A server sends the UUID of its database. A new database at the same address has another UUID and counts as
 * another server. Data stored about a server is valid only for this server and this site.
 */
final class Sitebridge_Server {

	const OPTION = 'sitebridge_connector_server';

	/**
	 * The server that sent the current request, by site of the network.
	 *
	 * @var string[]
	 */
	private static $speaking = array();

	/**
	 * Stores which server sent an accepted request.
	 *
	 * @param string $server_id The server's UUID from its header; '' from an older server, which has no keys.
	 * @param int    $site_id   The site's id on the server.
	 * @param bool   $is_proved Whether the server's connection is stored, and not only being tested.
	 */
	public static function speaks( $server_id, $site_id, $is_proved = true ) {
		if ( ! self::is_uuid( $server_id ) ) {
			return;
		}
		$server = substr( hash( 'sha256', strtolower( $server_id ) . ' ' . $site_id ), 0, 16 );

		self::$speaking[ get_current_blog_id() ] = $server;
		if ( $is_proved && self::last_speaker() !== $server ) {
			update_option( self::OPTION, $server, false );
		}
	}

	/**
	 * The server that sent the current request, otherwise the server of the last accepted request.
	 *
	 * @return string 16 hex digits; '' before the first request.
	 */
	public static function current() {
		$blog = get_current_blog_id();

		return isset( self::$speaking[ $blog ] ) ? self::$speaking[ $blog ] : self::last_speaker();
	}

	/**
	 * Whether the server of this request sent its UUID.
	 *
	 * @return bool
	 */
	public static function is_named() {
		return isset( self::$speaking[ get_current_blog_id() ] );
	}

	/**
	 * The last write of the current server. It shows a server with a restored backup which write the server
	 * has lost.
	 *
	 * @return string|null The operation's UUID; null before the first write.
	 * @throws RuntimeException When the database fails.
	 */
	public static function last_operation() {
		return Sitebridge_Operations_Table::last( self::current() );
	}

	/**
	 * Stores the last write of the current server. Called before anything is written.
	 *
	 * @param string $operation A UUID.
	 * @throws RuntimeException When the database fails.
	 */
	public static function note_operation( $operation ) {
		Sitebridge_Operations_Table::note( self::current(), $operation );
	}

	/**
	 * Whether a text is a UUID.
	 *
	 * @param mixed $text The text.
	 * @return bool
	 */
	public static function is_uuid( $text ) {
		return is_string( $text ) && 1 === preg_match( '/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iD', $text );
	}

	/**
	 * The server of the last accepted request.
	 *
	 * @return string 16 hex digits; '' before the first request.
	 */
	private static function last_speaker() {
		$stored = get_option( self::OPTION, '' );

		return is_string( $stored ) ? $stored : '';
	}
}
