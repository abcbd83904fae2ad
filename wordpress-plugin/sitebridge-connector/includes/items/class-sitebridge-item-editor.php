<?php
/**
 * The person who edits a post.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * While a person edits a post in wp-admin, a write of the server would be lost: the next save of the person overwrites
 * it. WordPress renews the lock of the post (`_edit_lock`) while the editor is open, and counts it for 150 seconds.
 */
final class Sitebridge_Item_Editor {

	/**
	 * The reason to refuse a write to a post that a person edits, or null. The person may be the user that requests
	 * act as: requests set no lock, so a lock is always that of an open editor.
	 *
	 * @param WP_Post $post  The post to update.
	 * @param array   $input The route's input. With `despite_editor` the server has waited for long enough.
	 * @return WP_Error|null
	 */
	public static function refusal( WP_Post $post, array $input ) {
		if ( ! empty( $input['despite_editor'] ) ) {
			return null;
		}
		$user = self::editor( $post );
		if ( ! $user ) {
			return null;
		}
		$name = Sitebridge_Item_Fields::text( $user->display_name );
		return new WP_Error(
			'sitebridge_being_edited',
			/* translators: %s: name of a user. */
			sprintf( __( '%s is editing this post.', 'sitebridge-connector' ), $name ),
			array(
				'status' => 423,
				'user'   => $name,
			)
		);
	}

	/**
	 * The user whose editor has the post open, or false. wp_check_post_lock() does the same, but leaves out the current
	 * user.
	 *
	 * @param WP_Post $post The post.
	 * @return WP_User|false
	 */
	private static function editor( WP_Post $post ) {
		$lock = explode( ':', (string) get_post_meta( $post->ID, '_edit_lock', true ) );
		/** This filter is documented in wp-admin/includes/ajax-actions.php */
		$window = (int) apply_filters( 'wp_check_post_lock_window', 150 ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals.NonPrefixedHooknameFound -- A filter of WordPress.
		if ( (int) $lock[0] <= time() - $window ) {
			return false;
		}
		$user_id = isset( $lock[1] ) ? $lock[1] : get_post_meta( $post->ID, '_edit_last', true );
		return get_userdata( (int) $user_id );
	}
}
