<?php
/**
 * Which server this site works with.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A server is its database: it names itself by a UUID that a new database at the same address does not have. What is
 * kept here for one holds for it and this site alone.
 */
final class Sitebridge_Server {

	const OPTION = 'sitebridge_connector_server';

	/**
	 * Who speaks in this request, by site of the network.
	 *
	 * @var string[]
	 */
	private static $speaking = array();

	/**
	 * A signed request was accepted.
	 *
	 * @param string $server_id The server's UUID, as its header says; '' from one before keys.
	 * @param int    $site_id   The site's number there.
	 */
	public static function speaks( $server_id, $site_id ) {
		if ( ! self::is_uuid( $server_id ) ) {
			return;
		}
		$server = substr( hash( 'sha256', strtolower( $server_id ) . ' ' . $site_id ), 0, 16 );

		self::$speaking[ get_current_blog_id() ] = $server;
		if ( self::last_speaker() !== $server ) {
			update_option( self::OPTION, $server, false );
		}
	}

	/**
	 * The server that speaks, else the one that spoke last.
	 *
	 * @return string 16 hex digits; '' before the first.
	 */
	public static function current() {
		$blog = get_current_blog_id();

		return isset( self::$speaking[ $blog ] ) ? self::$speaking[ $blog ] : self::last_speaker();
	}

	/**
	 * Whether the server of this request has named itself.
	 *
	 * @return bool
	 */
	public static function is_named() {
		return isset( self::$speaking[ get_current_blog_id() ] );
	}

	/**
	 * The last write of the current server, by which a server with a restored backup sees what it has forgotten.
	 *
	 * @return string|null A UUID.
	 * @throws RuntimeException When the database fails.
	 */
	public static function last_operation() {
		return Sitebridge_Operations_Table::last( self::current() );
	}

	/**
	 * Notes a write of the current server, before anything is written.
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
	 * The server that spoke last.
	 *
	 * @return string 16 hex digits; '' before the first.
	 */
	private static function last_speaker() {
		$stored = get_option( self::OPTION, '' );

		return is_string( $stored ) ? $stored : '';
	}
}
