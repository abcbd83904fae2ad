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
	 * The reason to refuse a write to a post that another user edits, or null.
	 *
	 * @param WP_Post $post  The post to update.
	 * @param array   $input The route's input. With `despite_editor` the server has waited for long enough.
	 * @return WP_Error|null
	 */
	public static function refusal( WP_Post $post, array $input ) {
		if ( ! empty( $input['despite_editor'] ) ) {
			return null;
		}
		if ( ! function_exists( 'wp_check_post_lock' ) ) {
			require_once ABSPATH . 'wp-admin/includes/post.php';
		}
		// A lock of the user that requests act as does not count.
		$user_id = wp_check_post_lock( $post->ID );
		$user    = $user_id ? get_userdata( $user_id ) : false;
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
}
